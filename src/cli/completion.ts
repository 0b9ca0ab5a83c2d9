import { Argument, Command } from "commander";
import { completionScript, SHELLS, type Shell, type Word, type Words } from "./completion-script.ts";
import { printWhole } from "./report.ts";
import type { Terminal } from "./terminal.ts";

/** `root` is the whole program, asked for when a script is wanted. */
export function completionCommand(terminal: Terminal, root: () => Command): Command {
  return new Command("completion")
    .description("a script that completes commands and options in your shell")
    .addArgument(new Argument("<shell>", "yours").choices(SHELLS))
    .option("--json", "print the words as one JSON document")
    .addHelpText(
      "after",
      '\nExample:\n  $ fal-meter completion bash\n\nIn your shell\'s start-up file:\n  bash and zsh: eval "$(fal-meter completion bash)", or zsh for bash\n  fish: fal-meter completion fish | source\n\nExit codes: 0 done · 2 wrong usage',
    )
    .action((shell: Shell, { json }: { json?: true }) => {
      const words = wordsOf(root(), "");
      if (json) terminal.printJson({ shell, words });
      else printWhole(terminal, completionScript(shell, words));
    });
}

/** What can follow each command, by its place: `""` for the program, `/prices`, `/prices/show`. */
function wordsOf(command: Command, place: string): Words[] {
  const commands = command.commands.map((each): Word => ({ word: each.name(), about: each.description(), values: [] }));
  const choices = command.registeredArguments.flatMap(({ argChoices = [], description }) =>
    argChoices.map((word): Word => ({ word, about: description, values: [] })),
  );
  const options = [
    ...command.options,
    command
      .createHelp()
      .visibleOptions(command)
      .find(({ long }) => long === "--help"),
  ];
  const flags = options.flatMap((option): Word[] =>
    option?.long ? [{ word: option.long, about: option.description, values: option.argChoices ?? [] }] : [],
  );
  return [
    { place, words: [...commands, ...choices, ...flags] },
    ...command.commands.flatMap((each) => wordsOf(each, `${place}/${each.name()}`)),
  ];
}
