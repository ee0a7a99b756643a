# SPDX-License-Identifier: GPL-2.0-or-later
# Makes bats fast. By default it runs a function before each shell command, in
# order to know the line on which a test fails. That takes two thirds of the time
# of this suite, and from bash 5.2 on it is not needed: the ERR trap knows the
# line. BATS_FULL_TRACE=1 leaves bats as it is; so does a bats that has no
# functions of these names.

if [ -z "${BATS_FULL_TRACE-}" ] && declare -F bats_debug_trap bats_error_trap bats_capture_stack_trace >/dev/null; then
	# The trap is set after this file has been read: it goes when it is first run.
	bats_debug_trap() { trap - DEBUG; }

	eval "original_$(declare -f bats_error_trap)"

	# What the other trap would have noted is noted now, and for the innermost
	# function that failed: its callers fail, too.
	bats_error_trap() {
		local status=$?
		BATS_ERROR_STATUS=${BATS_ERROR_STATUS:-$status}
		[ -n "${BATS_DEBUG_LAST_STACK_TRACE_IS_VALID-}" ] || bats_capture_stack_trace
		original_bats_error_trap
	}
fi
