# What is brought in is for containers to read, too, whose own users are nobody's here; homes let nobody else in.
umask 022

# No core dumps: see /etc/security/limits.d/10-holm.conf.
ulimit -c 0

# Programs do not run from /tmp. Who needs that makes ~/tmp, and has it as the place for temporary files.
if [ -d "$HOME/tmp" ] && [ -O "$HOME/tmp" ] && [ -z "${TMPDIR:-}" ]; then
	TMPDIR=$HOME/tmp
	export TMPDIR
fi
