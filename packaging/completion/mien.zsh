#compdef mien
# zsh completion for mien, made by: mien completion zsh
_mien() {
    local -a commands
    if (( CURRENT == 2 )); then
        commands=(
            'detect:Find faces in pictures'
            'describe:Turn faces into descriptors'
            'quality:Is a picture fit for a document, or for enrolment?'
            'liveness:A live person, or a picture of one?'
            'compare:Do two pictures show the same person?'
            'enroll:Enrol people who agreed to it'
            'verify:Is this the enrolled person?'
            'identify:Which enrolled people are in the pictures?'
            'people:list show erase withdraw match duplicates'
            'lists:list show create change delete add remove'
            'export:Take people and descriptors out, as JSON Lines'
            'import:Take people and descriptors in, from JSON Lines'
            'audit:verify export'
            'keys:show rotate'
            'serve:Serve the HTTP API'
            'gallery:stats rebuild'
            'store:check expire stats reextract migrate copy'
            'backup:Back up records and samples'
            'backup:list verify prune'
            'restore:Restore a backup into an empty place'
            'models:list pull check'
            'eval:verify identify calibrate'
            'bench:pipeline'
            'user:add list passwd disable enable remove'
            'account:add list suspend resume'
            'roles:Show the predefined roles and their rights'
            'settings:Show the settings, or write a sample file of them'
            'settings:change'
            'version:Show the versions of the program and of what it uses'
            'completion:Print a completion script for the shell'
            'help:Show what there is, or what a command does'
        )
        _describe command commands
        return
    fi
    local name=$words[2]
    case $name in
    (people)
        if (( CURRENT == 3 )); then
            compadd list show erase withdraw match duplicates
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (lists)
        if (( CURRENT == 3 )); then
            compadd list show create change delete add remove
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (audit)
        if (( CURRENT == 3 )); then
            compadd verify export
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (keys)
        if (( CURRENT == 3 )); then
            compadd show rotate
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (gallery)
        if (( CURRENT == 3 )); then
            compadd stats rebuild
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (store)
        if (( CURRENT == 3 )); then
            compadd check expire stats reextract migrate copy
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (backup)
        if (( CURRENT == 3 )); then
            compadd list verify prune
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (models)
        if (( CURRENT == 3 )); then
            compadd list pull check
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (eval)
        if (( CURRENT == 3 )); then
            compadd verify identify calibrate
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (bench)
        if (( CURRENT == 3 )); then
            compadd pipeline
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (user)
        if (( CURRENT == 3 )); then
            compadd add list passwd disable enable remove
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (account)
        if (( CURRENT == 3 )); then
            compadd add list suspend resume
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    (settings)
        if (( CURRENT == 3 )); then
            compadd change
            return
        fi
        name="$name $words[3]"; shift words; (( CURRENT-- )) ;;
    esac
    shift words; (( CURRENT-- ))
    case $name in
    (detect)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--draw[Save the picture with what was found; several pictures\: a folder]:FILE:_files' \
        '--with[What to work out\: a comma-separated choice of landmarks, pose, quality, expression, liveness, age, or all]:PARTS:(landmarks pose quality expression liveness age all)' \
        '--box[Where the face is\: left, top, width and height in pixels; nothing else is looked at]:X,Y,W,H:' \
        '*:file:_files' ;;
    (describe)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--with[What to work out\: a comma-separated choice of landmarks, pose, quality, expression, liveness, age, or all]:PARTS:(landmarks pose quality expression liveness age all)' \
        '--output[Write the result to FILE instead of standard output]:FILE:_files' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--box[Where the face is\: left, top, width and height in pixels; nothing else is looked at]:X,Y,W,H:' \
        '--sample[The pictures are samples\: one face each, aligned before, of 112, 150 or 250 pixels a side]' \
        '--aggregate[The pictures show one person\: make one descriptor of them, weighed by quality]' \
        '*:file:_files' ;;
    (quality)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--box[Where the face is\: left, top, width and height in pixels; nothing else is looked at]:X,Y,W,H:' \
        '--profile[What is asked of the picture\: icao, recognition, or a file of JSON (see docs/guide/quality.md)]:PROFILE:_files' \
        '*:file:_files' ;;
    (liveness)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--box[Where the face is\: left, top, width and height in pixels; nothing else is looked at]:X,Y,W,H:' \
        '*:file:_files' ;;
    (compare)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--draw[Save the picture with what was found; several pictures\: a folder]:FILE:_files' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--sample[The pictures are samples\: one face each, aligned before, of 112, 150 or 250 pixels a side]' \
        '*:file:_files' ;;
    (enroll)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--aggregate[The pictures show one person\: make one descriptor of them, weighed by quality]' \
        '--name[The person'\''s name]:NAME:' \
        '--external-id[The person'\''s id in another system]:ID:' \
        '--list[List of people]:LIST:' \
        '--consent[What the person agreed to\: verification, identification, live_identification or attendance]:PURPOSE:(verification identification live_identification attendance)' \
        '--consent-method[How the consent was given, e.g. "signed form"]:TEXT:' \
        '--consent-evidence[Where the proof of the consent is, e.g. a file number]:TEXT:' \
        '--consent-until[When the consent ends\: a date, or a span such as 2y or 90d]:TIME:' \
        '--folders[Each folder in the given folders is a person, named by the folder]' \
        '*:file:_files' ;;
    (verify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--box[Where the face is\: left, top, width and height in pixels; nothing else is looked at]:X,Y,W,H:' \
        '--sample[The pictures are samples\: one face each, aligned before, of 112, 150 or 250 pixels a side]' \
        '--list[List of people]:LIST:' \
        '*:file:_files' ;;
    (identify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--draw[Save the picture with what was found; several pictures\: a folder]:FILE:_files' \
        '--with[What to work out\: a comma-separated choice of landmarks, pose, quality, expression, liveness, age, or all]:PARTS:(landmarks pose quality expression liveness age all)' \
        '--list[List of people]:LIST:' \
        '--purpose[What the search or the list is for; a search looks only into lists of its purpose]:PURPOSE:(verification identification live_identification attendance)' \
        '--candidates[At most N candidates a face, 1 to 100]:N:' \
        '*:file:_files' ;;
    (people list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--list[List of people]:LIST:' \
        '--like[Only people whose name or external id contains TEXT]:TEXT:' \
        '--limit[At most N]:N:' \
        '*::_files' ;;
    (people show)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (people erase)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--yes[Do not ask]' \
        '--now[Erase at once, without the grace period of consent.grace_hours]' \
        '*:file:_files' ;;
    (people withdraw)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--consent[What the person agreed to\: verification, identification, live_identification or attendance]:PURPOSE:(verification identification live_identification attendance)' \
        '*:file:_files' ;;
    (people match)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--output[Write the result to FILE instead of standard output]:FILE:_files' \
        '--list[List of people]:LIST:' \
        '--purpose[What the search or the list is for; a search looks only into lists of its purpose]:PURPOSE:(verification identification live_identification attendance)' \
        '--candidates[At most N candidates a face, 1 to 100]:N:' \
        '--against[The list searched for the people of --list]:LIST:' \
        '--csv[Print comma-separated values, with a line of headings]' \
        '*::_files' ;;
    (people duplicates)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--output[Write the result to FILE instead of standard output]:FILE:_files' \
        '--list[List of people]:LIST:' \
        '--purpose[What the search or the list is for; a search looks only into lists of its purpose]:PURPOSE:(verification identification live_identification attendance)' \
        '--candidates[At most N candidates a face, 1 to 100]:N:' \
        '--csv[Print comma-separated values, with a line of headings]' \
        '*::_files' ;;
    (lists list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--purpose[What the search or the list is for; a search looks only into lists of its purpose]:PURPOSE:(verification identification live_identification attendance)' \
        '--like[Only people whose name or external id contains TEXT]:TEXT:' \
        '--limit[At most N]:N:' \
        '--after[Go on behind this list, by name or id]:LIST:' \
        '*::_files' ;;
    (lists show)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (lists create)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--purpose[What the search or the list is for; a search looks only into lists of its purpose]:PURPOSE:(verification identification live_identification attendance)' \
        '--retention[How long somebody stays in the list, such as 30d or 1y; none\: without end]:SPAN:' \
        '--threshold[False matches that searches of the list accept unless they say otherwise, e.g. 1e-5; none\: match.fmr]:RATE:' \
        '--color[The list'\''s color, as #rrggbb; none\: without one]:COLOR:' \
        '--comment[A comment; ""\: none]:TEXT:' \
        '--active[Whether the list is in use\: nobody is found through one that is not]:WORD:(yes no)' \
        '--acknowledge[Whether somebody has to acknowledge that a person of the list was seen]:WORD:(yes no)' \
        '--sound[Whether there is a sound when a person of the list was seen]:WORD:(yes no)' \
        '*:file:_files' ;;
    (lists change)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--name[The person'\''s name]:NAME:' \
        '--retention[How long somebody stays in the list, such as 30d or 1y; none\: without end]:SPAN:' \
        '--threshold[False matches that searches of the list accept unless they say otherwise, e.g. 1e-5; none\: match.fmr]:RATE:' \
        '--color[The list'\''s color, as #rrggbb; none\: without one]:COLOR:' \
        '--comment[A comment; ""\: none]:TEXT:' \
        '--active[Whether the list is in use\: nobody is found through one that is not]:WORD:(yes no)' \
        '--acknowledge[Whether somebody has to acknowledge that a person of the list was seen]:WORD:(yes no)' \
        '--sound[Whether there is a sound when a person of the list was seen]:WORD:(yes no)' \
        '*:file:_files' ;;
    (lists delete)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--yes[Do not ask]' \
        '*:file:_files' ;;
    (lists add)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (lists remove)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (export)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--output[Write the result to FILE instead of standard output]:FILE:_files' \
        '--list[List of people]:LIST:' \
        '--reason[Why, for the audit log]:TEXT:' \
        '--vectors[Where descriptors go\: npy (a NumPy file beside the output), npy-half (float16), line (base64), none]:HOW:(npy npy-half line none)' \
        '--samples[Write the aligned samples into FOLDER beside the output]:FOLDER:' \
        '*::_files' ;;
    (import)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--list[List of people]:LIST:' \
        '--consent[What the person agreed to\: verification, identification, live_identification or attendance]:PURPOSE:(verification identification live_identification attendance)' \
        '--consent-method[How the consent was given, e.g. "signed form"]:TEXT:' \
        '--consent-evidence[Where the proof of the consent is, e.g. a file number]:TEXT:' \
        '--consent-until[When the consent ends\: a date, or a span such as 2y or 90d]:TIME:' \
        '--npy[NumPy file with the descriptors, instead of the one named in the header]:FILE:_files' \
        '--model[The model that made the descriptors, where the file does not say it]:NAME:' \
        '--report[Write a line of JSON to FILE for each record that was refused]:FILE:_files' \
        '--dry-run[Try everything, and keep nothing]' \
        '*:file:_files' ;;
    (audit verify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (audit export)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--from[Only from TIME on\: a date, or a span before now such as 30d]:TIME:' \
        '--to[Only before TIME\: a date, or a span before now such as 30d]:TIME:' \
        '*::_files' ;;
    (keys show)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (keys rotate)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (serve)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--check[Only look whether it would start\: settings, certificate, store, models]' \
        '*::_files' ;;
    (gallery stats)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (gallery rebuild)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (store check)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (store expire)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (store stats)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (store reextract)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--report[Write a line of JSON to FILE for each record that was refused]:FILE:_files' \
        '--accept-missing[Change the model though some faces have no descriptor of the new one]' \
        '--remove-old[Remove the descriptors of the old model when the new one is in use]' \
        '--abandon[Give the change up\: remove what was made, and stay with the old model]' \
        '*::_files' ;;
    (store migrate)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--dry-run[Try everything, and keep nothing]' \
        '*::_files' ;;
    (store copy)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (backup)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--verify[Read everything back at the end, and compare it]' \
        '*:file:_files' ;;
    (backup list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (backup verify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (backup prune)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--keep[How many of the newest are kept]:N:' \
        '*:file:_files' ;;
    (restore)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--ledger[Apply the erasures in FILE too, as mien audit export prints them]:FILE:_files' \
        '*:file:_files' ;;
    (models list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (models pull)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (models check)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (eval verify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--svg[Draw the curves as SVG files into DIR]:DIR:_files -/' \
        '*:file:_files' ;;
    (eval identify)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--svg[Draw the curves as SVG files into DIR]:DIR:_files -/' \
        '--part[Use only the K-th of N parts of the people, dealt out by name]:K/N:' \
        '--raw[Leave the scores as they are, also where the manifest says to normalise them]' \
        '*:file:_files' ;;
    (eval calibrate)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--output[Write the result to FILE instead of standard output]:FILE:_files' \
        '--face[Of several faces in a picture take the largest, the one nearest the centre, or refuse the picture (only)]:WHICH:(largest centre only)' \
        '--part[Use only the K-th of N parts of the people, dealt out by name]:K/N:' \
        '--normalise[Calibrate the scores of searches too, as normalised by the other people enrolled (adaptive s-norm)]' \
        '*:file:_files' ;;
    (bench pipeline)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--with[What to work out\: a comma-separated choice of landmarks, pose, quality, expression, liveness, age, or all]:PARTS:(landmarks pose quality expression liveness age all)' \
        '--seconds[How long to measure each number of workers, 1 to 600]:S:' \
        '*:file:_files' ;;
    (user add)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--name[The person'\''s name]:NAME:' \
        '--role[What the user may do\: a role, or several with commas between (see mien roles)]:ROLE:' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '--password[Ask for the password; without a terminal\: the first line of standard input]' \
        '*:file:_files' ;;
    (user list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '*::_files' ;;
    (user passwd)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '--password[Ask for the password; without a terminal\: the first line of standard input]' \
        '*:file:_files' ;;
    (user disable)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '*:file:_files' ;;
    (user enable)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '*:file:_files' ;;
    (user remove)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--account[The account, by name or id; left out\: the first one]:ACCOUNT:' \
        '*:file:_files' ;;
    (account add)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--admin[Make an administrator for the account, with a one-time password]:LOGIN:' \
        '--max-people[At most N people in the account; 0\: no limit]:N:' \
        '--max-faces[At most N faces in the account; 0\: no limit]:N:' \
        '*:file:_files' ;;
    (account list)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (account suspend)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (account resume)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (roles)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '1:word:(show markdown)' ;;
    (settings)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '1:word:(show sample markdown)' ;;
    (settings change)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*:file:_files' ;;
    (version)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '*::_files' ;;
    (completion)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '1:word:(bash zsh fish)' ;;
    (help)
        _arguments \
        '--help[Show what the command does, with its options and examples]' \
        '--json[Print JSON\: one document, or one object a line where there are several inputs]' \
        '--quiet[No progress and no notes; errors and results stay]' \
        '--config[Read settings from FILE instead of /etc/mien.conf (see mien settings)]:FILE:_files' \
        '*--set[Set any setting, e.g. --set face.min_size=40; may be repeated]:NAME=VALUE:' \
        '--data[Data directory\: the people enrolled, their records and keys]:DIR:_files -/' \
        '--pack[Model pack\: auto, standard or offline]:PACK:(auto standard offline)' \
        '--precision[Descriptor network\: auto, fp32 or int8]:P:(auto fp32 int8)' \
        '--threads[Pictures worked on at once, and threads of a search; 0\: one a CPU]:N:' \
        '--fmr[False matches that are acceptable, e.g. 1e-4 for one in ten thousand]:RATE:' \
        '--flip[Average the descriptor with the mirror image'\''s\: slower, a little better]' \
        '--man[Print the manual page (mdoc)]' \
        '*:file:_files' ;;
    esac
}
_mien "$@"
