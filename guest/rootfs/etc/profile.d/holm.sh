# What a person makes here is not for everybody to read; pam_umask does the same for what is not a shell.
umask 027

# No core dumps: see /etc/security/limits.d/10-holm.conf.
ulimit -c 0

# A shell that nobody types into for a quarter of an hour ends; what runs in it does not count as idle.
if [ -z "${TMOUT:-}" ]; then
	TMOUT=900
	readonly TMOUT
	export TMOUT
fi
