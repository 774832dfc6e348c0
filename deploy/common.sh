# Sourced by every script of deploy/ and Tests/Tools/ before it does anything: the directory, the environment of builds, and
# one way to read arguments.
# shellcheck shell=bash
#
#   option NAME VARIABLE    --NAME VALUE or --NAME=VALUE sets VARIABLE
#   flag NAME VARIABLE      --NAME sets VARIABLE to yes
#   arguments "$@"          reads them; what is neither goes to `operands`. --help prints the script's header
#   pass_through            undeclared options, --help among them, are operands too: for scripts that run a program
#   wrong MESSAGE           says what is wrong, prints the header, exits with 64 (EX_USAGE)
#   need_number NAME VALUE  ends with `wrong` unless VALUE is a whole number from 1

script=$(realpath "$0")
root=$(realpath "$(dirname "${BASH_SOURCE[0]}")/..")
cd "$root" || exit

# SwiftPM hands a package's traits to the compiler in the order of a hash table. Without a fixed order it builds packages that
# have traits anew every time.
export SWIFT_DETERMINISTIC_HASHING=1

declare -A known_options=() known_flags=()
operands=()
undeclared=refused

option() { known_options[--$1]=$2; }
flag() { known_flags[--$1]=$2; }
pass_through() { undeclared=passed; }
usage() { sed -n '2,/^set -/{/^set -/d;s/^# \{0,1\}//;p;}' "$script"; }
wrong() {
    printf '%s: %s\n' "${script##*/}" "$1" >&2
    usage >&2
    exit 64
}
need_number() { [[ $2 =~ ^[1-9][0-9]*$ ]] || wrong "--$1 is a whole number from 1, not '$2'"; }

arguments() {
    local name
    while [ $# -gt 0 ]; do
        name=${1%%=*}
        if [ -n "${known_flags[$1]:-}" ]; then
            printf -v "${known_flags[$1]}" %s yes
        elif [ -n "${known_options[$name]:-}" ]; then
            if [ "$name" != "$1" ]; then
                printf -v "${known_options[$name]}" %s "${1#*=}"
            else
                [ $# -gt 1 ] || wrong "$1 needs a value"
                printf -v "${known_options[$name]}" %s "$2"
                shift
            fi
        elif [ $undeclared = passed ]; then
            operands+=("$1")
        else
            case $1 in
                -h | --help)
                    usage
                    exit 0
                    ;;
                -*) wrong "unknown option $1" ;;
                *) operands+=("$1") ;;
            esac
        fi
        shift
    done
}
