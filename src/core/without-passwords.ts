/** A text that may repeat a URL, without the password in it. */
export function withoutPasswords(text: string): string {
  return text.replace(/(\/\/[^\s:/@]*:)\S*@/g, '$1***@')
}
