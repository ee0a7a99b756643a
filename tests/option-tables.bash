# SPDX-License-Identifier: GPL-2.0-or-later
# The options of a tool, as its source has them. After helpers.bash.

# The rows of the tables that $TOOL names in its source, of what all have, and
# of the types, if it takes these:
# { "name", no_argument, NULL, 'l' }, or OPT_NAME where there is no letter.
option_rows() {
	local source=$abs_top_srcdir/tools/$TOOL.c name
	[ -e "$source" ] || source=$abs_top_srcdir/tools/$TOOL/main.c
	for name in $(sed -n 's/^\t\.tables = { \(.*\) },$/\1/p' "$source" | tr -d ,) options_common; do
		sed -nE "/^(static )?const struct option $name\[\] = \{\$/,/^\};\$/p" \
			"$abs_top_srcdir/common/options.c" "$abs_top_srcdir/tools/cmdline.c" "$source"
	done | grep -E '^[[:space:]]*\{ "'
	grep '^	\.types = TYPES_' "$source" | grep -qv TYPES_NONE || return 0
	sed -nE 's/^\t\[NS_[A-Z]+\] = \{ .*, (.[a-zA-Z].), ("[a-z]+"), "[a-zA-Z]+",$/\t{ \2, optional_argument, NULL, \1 },/p' \
		"$abs_top_srcdir/common/nstype.c"
}

# A line for each, "--name" and whether it takes an argument: no, optional or
# required; the letters, "-l". Both sorted.
table_long() { option_rows | sed -nE 's/^[[:space:]]*\{ "([a-z-]+)", (no|required|optional)_argument, NULL, .* \},$/--\1 \2/p' | sort; }
table_short() { option_rows | sed -nE "s/^[[:space:]]*\{ \"[a-z-]+\", [a-z]+_argument, NULL, '([A-Za-z])' \},\$/-\1/p" | sort; }
