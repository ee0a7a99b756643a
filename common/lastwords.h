/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/*
 * lastwords: a signal that kills a process between its announcement of exec and
 * execve(2) itself. Whoever waits for the exec takes it for done when descriptors
 * are closed or when a vfork(2) returns; so the signal's handler says first that
 * it did not happen. Nothing can be said of SIGKILL.
 */

struct diag;

/*
 * From here until exec: before a signal kills this process by its default action,
 * *REPORT says so, and GATE_FAILED with the same text goes out by the end GATE of a
 * gate, if it is not -1. REPORT must live until exec. execve(2) gives the program
 * the default actions again; signals that are ignored or handled stay so. Does
 * nothing in PID 1, which is killed by no such signal.
 */
void lastwords_prepare(int gate, struct diag *report);
