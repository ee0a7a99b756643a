/* SPDX-License-Identifier: GPL-2.0-or-later */
#pragma once

/* nspin-list: the columns of --list, which --help shows. */

#include "table.h"

extern const struct table_column nspin_columns[];
