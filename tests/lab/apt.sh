# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# A private apt configuration for the test lab. Source this file; it only defines functions.
#
# The lab needs suites that the machine's own apt usually does not know: bookworm-backports for QEMU 10,
# bookworm-security for the kernels, trixie for the guest. /etc/apt belongs to the administrator and stays as it
# is. Instead apt gets, through APT_CONFIG, sources, lists and caches of its own below build/lab/apt/<name>. apt
# reads /etc/apt/apt.conf.d in any case, so a proxy that is configured there is used here too.
#
# No archive's host name is written down anywhere: it is taken from the machine's configuration.

LAB_TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
# Without links: what is unpacked there names its own path.
LAB_BUILD=$(realpath -m "$LAB_TOP/build/lab")
LAB_KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg
export LAB_TOP LAB_BUILD

lab_say() { printf 'lab: %s\n' "$*" >&2; }
lab_die() { printf 'lab: error: %s\n' "$*" >&2; exit 1; }

# Only one program at a time may fill a folder below build/lab; two runs of make must not unpack into each other.
# lab_lock NAME [SECONDS]: wait for the lock (at most 15 minutes by default), hold it until the calling shell ends; once
# held, it is not taken again.
LAB_LOCK_HELD=''
lab_lock() {
	[ "$LAB_LOCK_HELD" != "$1" ] || return 0
	mkdir -p "$LAB_BUILD"
	exec {LAB_LOCK_FD}>"$LAB_BUILD/.lock-$1"
	flock -w "${2:-900}" "$LAB_LOCK_FD" ||
		lab_die "another program has held $LAB_BUILD/.lock-$1 for $((${2:-900} / 60)) minutes"
	LAB_LOCK_HELD=$1
}

# lab_archive main|security: the URL of the archive, as the machine's apt knows it.
lab_archive() {
	local main='' security='' site release
	# --no-release-info: a machine that has never run "apt-get update" has no release files, and knows the answer too.
	while read -r site release; do
		case $release in
		*-security|*/updates) [ -n "$security" ] || security=$site ;;
		*-backports*|*-proposed*|*-updates) ;;
		bookworm|trixie|stable|oldstable|testing|sid|unstable) [ -n "$main" ] || main=$site ;;
		esac
	done < <(apt-get indextargets --no-release-info --format "\$(SITE) \$(RELEASE)" 'Created-By: Packages' 2>/dev/null)
	# A machine may name only one of the two: the archives stand side by side on every mirror that has both.
	[ -n "$security" ] || security=${main:+${main%/}-security}
	[ -n "$main" ] || main=${security%-security}
	[ -n "$main" ] || lab_die "no Debian archive found: 'apt-get indextargets' of this machine lists neither" \
		"a release (bookworm, trixie, ...) nor a -security suite; add one to /etc/apt/sources.list"
	case $1 in
	main) printf '%s\n' "${main%/}" ;;
	security) printf '%s\n' "${security%/}" ;;
	*) lab_die "lab_archive: '$1' is neither main nor security" ;;
	esac
}

# lab_sources SUITE...: the sources.list lines for the suites, on standard output.
lab_sources() {
	local suite url
	[ -r "$LAB_KEYRING" ] || lab_die "$LAB_KEYRING is missing: install the package debian-archive-keyring"
	for suite; do
		case $suite in
		*-security) url=$(lab_archive security) ;;
		*) url=$(lab_archive main) ;;
		esac || exit 1
		printf 'deb [signed-by=%s] %s %s main\n' "$LAB_KEYRING" "$url" "$suite"
	done
}

# lab_apt_use NAME SUITE...: make apt in this shell use the private configuration NAME with these suites. The
# package lists are fetched when they are missing or older than a day.
lab_apt_use() {
	local root=$LAB_BUILD/apt/$1 sources
	shift
	mkdir -p "$root"/lists/partial "$root"/cache/archives/partial "$root"/empty
	cat >"$root/apt.conf" <<-CONF
		Dir::Etc::SourceList "$root/sources.list";
		Dir::Etc::SourceParts "$root/empty";
		Dir::Etc::Preferences "$root/empty/preferences";
		Dir::Etc::PreferencesParts "$root/empty";
		Dir::State::Lists "$root/lists";
		Dir::Cache "$root/cache";
		Acquire::Languages "none";
		Acquire::Retries "3";
	CONF
	sources=$(lab_sources "$@") || exit 1
	if [ "$sources" != "$(cat "$root/sources.list" 2>/dev/null)" ]; then
		rm -f "$root/updated"
		printf '%s\n' "$sources" >"$root/sources.list"
	fi
	export APT_CONFIG=$root/apt.conf
	if [ -z "$(find "$root/updated" -mmin -1440 2>/dev/null)" ]; then
		lab_say "fetching the package lists of $*"
		apt-get update -qq --error-on=any >&2 || lab_die "the package lists of $* could not be fetched from" \
			"$(lab_archive main): is the network up, and does that archive carry them?"
		touch "$root/updated"
	fi
}

# lab_download DIR PACKAGE[=VERSION]...: put the packages' .deb files into DIR.
lab_download() {
	local dir=$1
	shift
	mkdir -p "$dir"
	# apt's download method drops to the user _apt, who often cannot write below a home directory: stay root.
	(cd "$dir" && apt-get -qq -o APT::Sandbox::User=root download "$@" >&2) ||
		lab_die "could not download $*: is the network up?"
}

# lab_apt_options: the settings of the machine's apt that reaching the archive may depend on (a proxy, a mirror with old
# signatures), for mmdebstrap.
lab_apt_options() { apt-config dump | grep -E '^Acquire::(https?::(Proxy|Timeout)|Check-|Retries)' || true; }
