#!/bin/sh
# @NAME@ @VERSION@, a self-extracting executable: this script, then the program, then the Deno that runs it. The first
# run unpacks both into a private folder, named by their content; every later run finds them there and costs no fork.

# Runs what is unpacked in folder $1 with the other arguments. Comes back only if it is not there, or not ours: in
# somebody else's folder or file may be anything.
start() {
  c=$1
  shift
  if [ -O "$c" ] && [ ! -L "$c" ] && [ -x "$c/@DENO@" ] && [ -O "$c/@DENO@" ] && [ -O "$c/@PROGRAM@" ]; then
    export DENO_DIR="$c/deno-dir" DENO_NO_UPDATE_CHECK=1
    exec "$c/@DENO@" run @FLAGS@ "$c/@PROGRAM@" "$@"
  fi
}

# Unpacks into folder $1, or says why not.
unpack() (
  umask 077
  mkdir -p -- "$1" && cd -- "$1" || exit
  [ -O . ] && [ ! -L "$1" ] || { echo "not a folder of yours"; exit 1; }
  case $(ls -ld .) in d????-??-*) ;; *) echo "others may write there; chmod 700 it, or remove it"; exit 1 ;; esac
  tail -c @DENO_SIZE@ -- "$me" | put @DENO@ "@DENO_SUM@" &&
    tail -c @BOTH_SIZE@ -- "$me" | head -c @PROGRAM_SIZE@ | put @PROGRAM@ "@PROGRAM_SUM@" || exit
  # Away with versions that nobody has run for two months, and with what killed runs left behind.
  find . -type f \( -atime +60 -o -name 'new.*' -mtime +0 \) -exec rm -f -- {} + || :
)

# Writes standard input to file $1, which appears whole (its cksum is $2) or not at all. Several runs may do this at
# once: each writes a temporary file of its own, and whoever renames last replaces like by like.
put() (
  [ ! -f "$1" ] || exit 0
  new=$(mktemp ./new.XXXXXXXXXX) || exit
  trap 'rm -f -- "$new"' EXIT
  trap 'exit 1' HUP INT TERM
  cat >"$new" || exit
  [ "$(cksum <"$new")" = "$2" ] || { echo "$me is damaged or cut short; copy it again"; exit 1; }
  chmod 700 "$new" && sync "$new" || exit
  case $1 in deno-*)
    [ -x "$new" ] || { echo "mounted noexec: no program can run there"; exit 1; }
    "$new" --version >/dev/null </dev/null || { echo "this build does not run here; it needs @TARGET@"; exit 1; } ;;
  esac
  mv -f -- "$new" "$1"
)

home=${XDG_CACHE_HOME:-${HOME:+$HOME/.cache}}/connme
case $home in /?*/connme) start "$home" "$@" ;; *) home= ;; esac
temp=${TMPDIR:-/tmp}/connme-$(id -u)
start "$temp" "$@"

me=$0
[ -f "$me" ] || me=$(command -v -- "$0")
case $me in /*) ;; *) me=$PWD/$me ;; esac
why=
for c in ${home:+"$home"} "$temp"; do
  said=$(unpack "$c" 2>&1) && start "$c" "$@"
  why="$why
  $c: ${said:-unpacked, but it may not be run (mounted noexec?)}"
done
printf '%s\n' "@NAME@: cannot unpack itself$why
Set XDG_CACHE_HOME to a folder of yours with 100 MB free." >&2
exit 126
