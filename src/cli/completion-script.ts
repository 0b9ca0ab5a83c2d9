/** Completion scripts, made of words alone: a shell that runs one asks nobody. */

export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** A command, a choice or an option, and what may follow it. */
export interface Word {
  word: string;
  about: string;
  /** What an option takes, where it is one of a few. */
  values: readonly string[];
}

export interface Words {
  /** `""`, `/prices`, `/prices/show`. */
  place: string;
  words: readonly Word[];
}

export function completionScript(shell: Shell, places: readonly Words[]): string {
  if (shell === "bash") return bash(places);
  return shell === "zsh" ? zsh(places) : fish(places);
}

/** In single quotes, which every one of the three shells leaves alone. */
function quoted(text: string): string {
  return `'${text.replace(/[^\P{Cc}]/gu, " ").replaceAll("'", `'\\''`)}'`;
}

/** The words that lead on to another place. */
function steps(places: readonly Words[]): string[] {
  return places.map(({ place }) => place).filter((place) => place !== "");
}

/** What options take, by the place and the option: `/report --format`. */
function valuesIn(places: readonly Words[]): { key: string; values: readonly string[] }[] {
  return places.flatMap(({ place, words }) =>
    words.filter((each) => each.values.length > 0).map(({ word, values }) => ({ key: `${place} ${word}`, values })),
  );
}

function bash(places: readonly Words[]): string {
  const values = valuesIn(places);
  return `_fal_meter() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" last="\${COMP_WORDS[COMP_CWORD-1]}" place="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$place/$word" in
      ${steps(places).map(quoted).join("|")}) place="$place/$word" ;;
    esac
  done
  case "$place $last" in
${values.map((each) => `    ${quoted(each.key)}) words=${quoted(each.values.join(" "))} ;;`).join("\n")}
    *)
      case "$place" in
${places.map(({ place, words }) => `        ${quoted(place)}) words=${quoted(words.map(({ word }) => word).join(" "))} ;;`).join("\n")}
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F _fal_meter fal-meter
`;
}

function zsh(places: readonly Words[]): string {
  const described = ({ word, about }: Word) => quoted(`${word.replaceAll(":", "\\:")}:${about}`);
  return `#compdef fal-meter
_fal_meter() {
  local place="" word
  local -a choices
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$place/$word" in
      ${steps(places).map(quoted).join("|")}) place="$place/$word" ;;
    esac
  done
  case "$place \${words[CURRENT-1]}" in
${valuesIn(places)
  .map(({ key, values }) => `    ${quoted(key)}) choices=(${values.map(quoted).join(" ")}) ;;`)
  .join("\n")}
    *)
      case "$place" in
${places.map(({ place, words }) => `        ${quoted(place)}) choices=(${words.map(described).join(" ")}) ;;`).join("\n")}
      esac ;;
  esac
  _describe 'fal-meter' choices || _files
}
compdef _fal_meter fal-meter
`;
}

function fish(places: readonly Words[]): string {
  const line = (place: string, { word, about, values }: Word) => {
    const when = `-n ${quoted(`__fal_meter_at "${place}"`)}`;
    const what = word.startsWith("--") ? `-l ${word.slice(2)}` : `-f -a ${quoted(word)}`;
    const takes = values.length > 0 ? ` -x -a ${quoted(values.join(" "))}` : "";
    return `complete -c fal-meter ${when} ${what}${takes} -d ${quoted(about)}`;
  };
  return `function __fal_meter_at
  set -l place ""
  for word in (commandline -opc)[2..-1]
    switch "$place/$word"
      case ${steps(places).map(quoted).join(" ")}
        set place "$place/$word"
    end
  end
  test "$place" = "$argv[1]"
end
${places.flatMap(({ place, words }) => words.map((word) => line(place, word))).join("\n")}
`;
}
