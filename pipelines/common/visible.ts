/** Untrusted texts, made safe for a terminal. @module */

/** Terminal control characters, and those that reverse the order of text. */
const commands = /[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu;

/** A text with visible control characters, as in `\u001b`, that cannot control a terminal; line ends and tabs stay. */
export function visible(text: string): string {
  return text.replace(commands, (control) => {
    if (control === "\n" || control === "\t") return control;
    return `\\u${control.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
}

/** The maximum length of a message: what it quotes may have any length. */
const mostCharacters = 2000;

/** A message; a long one without its middle. */
export function shortened(message: string): string {
  if (message.length <= mostCharacters) return message;
  const kept = mostCharacters / 2;
  return `${message.slice(0, kept)} … ${message.slice(-kept)}`;
}
