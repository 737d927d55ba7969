/** A text that may repeat a URL, without the passwords in it: there may be blanks in them, and whatever else had to be encoded. */
export function redactPasswords(text: string): string {
  return text.replace(/(\/\/[^\s:/@]*:).*@(?=[\w/?[])/g, '$1***@').replace(/([?&]password=)[^\s&]*/gi, '$1***')
}
