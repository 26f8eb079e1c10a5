# Completion of connectorctl for fish. connectorctl itself says what may come; without an answer it is the name of a file.
function __connectorctl_candidates
    set -l words (commandline -opc) (commandline -ct)
    $words[1] __complete $words[2..-1] 2>/dev/null
end
complete -c connectorctl -f -n 'test -n "(__connectorctl_candidates)"' -a '(__connectorctl_candidates)'
