# Completion of connectorctl for bash. connectorctl itself says what may come; without an answer it is the name of a file.
_connectorctl() {
  local IFS=$'\n'
  COMPREPLY=($("${COMP_WORDS[0]}" __complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o bashdefault -o default -F _connectorctl connectorctl
