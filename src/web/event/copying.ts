// Copies within the press itself: by the clipboard where it is allowed, else as browsers did
// before there was one. In frames and in the browsers of apps either may be missing.

/** Whether it worked. */
export async function copyText(text: string): Promise<boolean> {
  // First the old way: it is only allowed within the press, and asks nobody.
  if (copyBySelection(text)) return true
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

function copyBySelection(text: string): boolean {
  const before = document.activeElement
  const field = document.createElement('textarea')
  field.value = text
  field.readOnly = true
  Object.assign(field.style, { position: 'fixed', top: '0', opacity: '0' })
  document.body.append(field)
  field.select()
  try {
    return document.execCommand('copy')
  } catch {
    return false
  } finally {
    field.remove()
    if (before instanceof HTMLElement) before.focus({ preventScroll: true })
  }
}
