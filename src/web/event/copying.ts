// Copies within the press itself: as browsers did before there was a clipboard, which asks nobody,
// else by the clipboard. In frames and in the browsers of apps either may be missing.

import { tried } from '../shared/browser.ts'

/** What stands in `node`, which is chosen, so that it can be copied by hand. Whether it worked. */
export async function copyTextOf(node: Node): Promise<boolean> {
  getSelection()?.selectAllChildren(node)
  if (tried(() => document.execCommand('copy'))) return true
  try {
    await navigator.clipboard.writeText(node.textContent ?? '')
    return true
  } catch {
    return false
  }
}
