#compdef passgate
# Completion of passgate for zsh.
_passgate() {
    local -a found
    found=("${(@f)$("${words[1]}" completion zsh -- "${(@)words[1,CURRENT]}" 2>/dev/null)}")
    if [[ -n "$found[1]" ]]; then
        _describe passgate found
    else
        _files # where passgate knows nothing better
    fi
}
if [[ "$funcstack[1]" == _passgate ]]; then
    _passgate # loaded from the function path
else
    compdef _passgate passgate
fi
