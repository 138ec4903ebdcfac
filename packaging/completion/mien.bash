# bash completion for mien, made by: mien completion bash
_mien() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]}
    local first=${COMP_WORDS[1]-} second=${COMP_WORDS[2]-} options= words=
    if [ "$COMP_CWORD" = 1 ]; then
        COMPREPLY=($(compgen -W "detect describe quality liveness compare enroll verify identify people lists export import audit keys serve gallery store backup backup restore models eval bench user account roles settings settings version completion help" -- "$cur"))
        return
    fi
    case $prev in
    --config) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --set) COMPREPLY=(); return ;;
    --data) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --pack) COMPREPLY=($(compgen -W "auto standard offline" -- "$cur")); return ;;
    --precision) COMPREPLY=($(compgen -W "auto fp32 int8" -- "$cur")); return ;;
    --threads) COMPREPLY=(); return ;;
    --fmr) COMPREPLY=(); return ;;
    --draw) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --with) COMPREPLY=($(compgen -W "landmarks pose quality expression liveness age all" -- "$cur")); return ;;
    --output | -o) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --face) COMPREPLY=($(compgen -W "largest centre only" -- "$cur")); return ;;
    --box) COMPREPLY=(); return ;;
    --profile) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --name) COMPREPLY=(); return ;;
    --external-id) COMPREPLY=(); return ;;
    --list) COMPREPLY=(); return ;;
    --consent) COMPREPLY=($(compgen -W "verification identification live_identification attendance" -- "$cur")); return ;;
    --consent-method) COMPREPLY=(); return ;;
    --consent-evidence) COMPREPLY=(); return ;;
    --consent-until) COMPREPLY=(); return ;;
    --purpose) COMPREPLY=($(compgen -W "verification identification live_identification attendance" -- "$cur")); return ;;
    --retention) COMPREPLY=(); return ;;
    --threshold) COMPREPLY=(); return ;;
    --color) COMPREPLY=(); return ;;
    --comment) COMPREPLY=(); return ;;
    --active) COMPREPLY=($(compgen -W "yes no" -- "$cur")); return ;;
    --acknowledge) COMPREPLY=($(compgen -W "yes no" -- "$cur")); return ;;
    --sound) COMPREPLY=($(compgen -W "yes no" -- "$cur")); return ;;
    --candidates | -k) COMPREPLY=(); return ;;
    --like) COMPREPLY=(); return ;;
    --limit) COMPREPLY=(); return ;;
    --after) COMPREPLY=(); return ;;
    --against) COMPREPLY=(); return ;;
    --svg) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")); return ;;
    --part) COMPREPLY=(); return ;;
    --from) COMPREPLY=(); return ;;
    --to) COMPREPLY=(); return ;;
    --reason) COMPREPLY=(); return ;;
    --vectors) COMPREPLY=($(compgen -W "npy npy-half line none" -- "$cur")); return ;;
    --samples) COMPREPLY=(); return ;;
    --npy) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --model) COMPREPLY=(); return ;;
    --report) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    --role) COMPREPLY=(); return ;;
    --account) COMPREPLY=(); return ;;
    --admin) COMPREPLY=(); return ;;
    --max-people) COMPREPLY=(); return ;;
    --max-faces) COMPREPLY=(); return ;;
    --seconds) COMPREPLY=(); return ;;
    --keep) COMPREPLY=(); return ;;
    --ledger) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")); return ;;
    esac
    if [ "$COMP_CWORD" = 2 ]; then
        case $first in
        people) COMPREPLY=($(compgen -W "list show erase withdraw match duplicates" -- "$cur")); return ;;
        lists) COMPREPLY=($(compgen -W "list show create change delete add remove" -- "$cur")); return ;;
        audit) COMPREPLY=($(compgen -W "verify export" -- "$cur")); return ;;
        keys) COMPREPLY=($(compgen -W "show rotate" -- "$cur")); return ;;
        gallery) COMPREPLY=($(compgen -W "stats rebuild" -- "$cur")); return ;;
        store) COMPREPLY=($(compgen -W "check expire stats reextract migrate copy" -- "$cur")); return ;;
        backup) COMPREPLY=($(compgen -W "list verify prune" -- "$cur")); return ;;
        models) COMPREPLY=($(compgen -W "list pull check" -- "$cur")); return ;;
        eval) COMPREPLY=($(compgen -W "verify identify calibrate" -- "$cur")); return ;;
        bench) COMPREPLY=($(compgen -W "pipeline" -- "$cur")); return ;;
        user) COMPREPLY=($(compgen -W "add list passwd disable enable remove" -- "$cur")); return ;;
        account) COMPREPLY=($(compgen -W "add list suspend resume" -- "$cur")); return ;;
        settings) COMPREPLY=($(compgen -W "change" -- "$cur")); return ;;
        help) COMPREPLY=($(compgen -W "detect describe quality liveness compare enroll verify identify people lists export import audit keys serve gallery store backup backup restore models eval bench user account roles settings settings version completion help" -- "$cur")); return ;;
        esac
    fi
    case "$first $second" in
    "people list" | "people show" | "people erase" | "people withdraw" | "people match" | "people duplicates" | "lists list" | "lists show" | "lists create" | "lists change" | "lists delete" | "lists add" | "lists remove" | "audit verify" | "audit export" | "keys show" | "keys rotate" | "gallery stats" | "gallery rebuild" | "store check" | "store expire" | "store stats" | "store reextract" | "store migrate" | "store copy" | "backup list" | "backup verify" | "backup prune" | "models list" | "models pull" | "models check" | "eval verify" | "eval identify" | "eval calibrate" | "bench pipeline" | "user add" | "user list" | "user passwd" | "user disable" | "user enable" | "user remove" | "account add" | "account list" | "account suspend" | "account resume" | "settings change") first="$first $second" ;;
    esac
    case $first in
    "detect") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --draw --with --box " ;;
    "describe") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --with --output --face --box --sample --aggregate " ;;
    "quality") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --face --box --profile " ;;
    "liveness") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --box " ;;
    "compare") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --draw --face --sample " ;;
    "enroll") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --face --aggregate --name --external-id --list --consent --consent-method --consent-evidence --consent-until --folders " ;;
    "verify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --face --box --sample --list " ;;
    "identify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --draw --with --list --purpose --candidates " ;;
    "people list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --list --like --limit " ;;
    "people show") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "people erase") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --yes --now " ;;
    "people withdraw") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --consent " ;;
    "people match") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --output --list --purpose --candidates --against --csv " ;;
    "people duplicates") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --output --list --purpose --candidates --csv " ;;
    "lists list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --purpose --like --limit --after " ;;
    "lists show") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "lists create") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --purpose --retention --threshold --color --comment --active --acknowledge --sound " ;;
    "lists change") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --name --retention --threshold --color --comment --active --acknowledge --sound " ;;
    "lists delete") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --yes " ;;
    "lists add") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "lists remove") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "export") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --output --list --reason --vectors --samples " ;;
    "import") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --list --consent --consent-method --consent-evidence --consent-until --npy --model --report --dry-run " ;;
    "audit verify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "audit export") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --from --to " ;;
    "keys show") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "keys rotate") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "serve") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --check " ;;
    "gallery stats") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "gallery rebuild") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "store check") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "store expire") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "store stats") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "store reextract") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --report --accept-missing --remove-old --abandon " ;;
    "store migrate") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --dry-run " ;;
    "store copy") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "backup") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --verify " ;;
    "backup list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "backup verify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "backup prune") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --keep " ;;
    "restore") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --ledger " ;;
    "models list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "models pull") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "models check") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "eval verify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --face --svg " ;;
    "eval identify") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --face --svg --part --raw " ;;
    "eval calibrate") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --output --face --part --normalise " ;;
    "bench pipeline") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --with --seconds " ;;
    "user add") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --name --role --account --password " ;;
    "user list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --account " ;;
    "user passwd") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --account --password " ;;
    "user disable") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --account " ;;
    "user enable") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --account " ;;
    "user remove") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --account " ;;
    "account add") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --admin --max-people --max-faces " ;;
    "account list") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "account suspend") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "account resume") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "roles") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " words="show markdown" ;;
    "settings") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " words="show sample markdown" ;;
    "settings change") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "version") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " ;;
    "completion") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip " words="bash zsh fish" ;;
    "help") options="--help --json --quiet --config --set --data --pack --precision --threads --fmr --flip --man " ;;
    esac
    case $cur in
    -*) COMPREPLY=($(compgen -W "$options" -- "$cur")) ;;
    *) if [ -n "$words" ]; then
           COMPREPLY=($(compgen -W "$words" -- "$cur"))
       else
           compopt -o filenames
           COMPREPLY=($(compgen -f -- "$cur"))
       fi ;;
    esac
}
complete -F _mien mien
