# Completion of passgate for bash.
_passgate() {
    local IFS=$'\n'
    COMPREPLY=($("$1" completion bash -- "${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
}
# Where passgate knows nothing better, files.
complete -o default -o bashdefault -F _passgate passgate
