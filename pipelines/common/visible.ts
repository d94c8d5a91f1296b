/** Texts that someone else wrote, as a terminal may show them. @module */

/** Commands to a terminal, and what turns the order of characters around. */
const commands = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A text whose control characters show, as in `\u001b`, and command no terminal; line ends and tabs stay. */
export function visible(text: string): string {
  return text.replace(commands, (control) => {
    if (control === "\n" || control === "\t") return control;
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The most characters of a message: what it quotes may be of any length. */
const mostCharacters = 2000;

/** A message, without the middle of one that nobody would read to its end. */
export function shortened(message: string): string {
  if (message.length <= mostCharacters) return message;
  const kept = mostCharacters / 2;
  return `${message.slice(0, kept)} … ${message.slice(-kept)}`;
}
