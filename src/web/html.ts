// What pages of the public have in common in their HTML.

export function escaped(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)
}

export const languageButtons = `<nav class="languages" aria-label="Language / 언어">
<button type="button" lang="ko">한국어</button>
<button type="button" lang="en">English</button>
</nav>`
