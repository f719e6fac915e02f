# SPDX-License-Identifier: Apache-2.0
# Completion of quote(1) for bash; needs no other package.

# The names to offer: those of the watch-list, else the ten that quote asks for.
_quote_names() {
    local file="${XDG_CONFIG_HOME:-$HOME/.config}/quote/watchlist"
    local names=""
    if [[ -r $file ]]; then
        names=$(sed -e 's/^[[:space:]]*//' -e 's/^#.*//' \
                    -e 's/[[:space:]]#.*//' -e 's/[[:space:]]*$//' \
                    -e '/^$/d' "$file")
    fi
    if [[ -n $names ]]; then
        printf '%s\n' "$names"
    else
        printf '%s\n' Google Microsoft Amazon Apple Meta IBM Tesla Walmart \
            'Ahold Delhaize' 'Walt Disney Co'
    fi
}

# Offer the lines of standard input that begin with what was typed, quoted for
# the shell, because names hold spaces.
_quote_offer() {
    local typed="$1" line
    typed="${typed//\\/}"
    typed="${typed#[\"\']}"
    COMPREPLY=()
    while IFS= read -r line; do
        if [[ ${line,,} == "${typed,,}"* ]]; then
            COMPREPLY+=("$(printf '%q' "$line")")
        fi
    done
}

_quote() {
    local current="${COMP_WORDS[COMP_CWORD]}"
    local previous="${COMP_WORDS[COMP_CWORD - 1]}"
    # bash takes "--format=csv" apart at the =.
    if [[ $current == "=" ]]; then
        current=""
    elif [[ $previous == "=" && COMP_CWORD -gt 1 ]]; then
        previous="${COMP_WORDS[COMP_CWORD - 2]}"
    fi
    case "$previous" in
    -f | --format)
        _quote_offer "$current" < <(printf '%s\n' table report json csv plain)
        return
        ;;
    -s | --server)
        _quote_offer "$current" < <(printf '%s\n' 127.0.0.1:7400 unix:/)
        return
        ;;
    --timeout)
        _quote_offer "$current" < <(printf '%s\n' 250ms 2s 10s 1m)
        return
        ;;
    --attempt)
        _quote_offer "$current" < <(printf '%s\n' 100ms 250ms 1s)
        return
        ;;
    --balance)
        _quote_offer "$current" < <(printf '%s\n' connection round-robin \
            random least-loaded)
        return
        ;;
    --every)
        _quote_offer "$current" < <(printf '%s\n' 1s 10s 1m)
        return
        ;;
    --max-age)
        _quote_offer "$current" < <(printf '%s\n' 0 5s 1m 1h)
        return
        ;;
    --from)
        _quote_offer "$current" < <(printf '%s\n' -1d -7d -30d)
        return
        ;;
    --to)
        _quote_offer "$current" < <(printf '%s\n' now)
        return
        ;;
    --step)
        _quote_offer "$current" < <(printf '%s\n' 1m 1h 1d)
        return
        ;;
    --client | --repeat)
        COMPREPLY=()
        return
        ;;
    esac
    if [[ $current == -* ]]; then
        _quote_offer "$current" < <(printf '%s\n' --server --format --json \
            --plain --client --repeat --every --reconnect --timeout \
            --attempt --balance --fresh --max-age --watch --explain \
            --history --from --to --step --ping --no-color --help --version)
        return
    fi
    _quote_offer "$current" < <(_quote_names)
}

complete -F _quote quote
