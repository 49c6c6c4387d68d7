// The page on which anybody checks a sale. What is pasted here goes nowhere. Where a token is kept
// for this tab, its user's receipt can be asked for.

import { stored } from '../shared/browser.ts'
import { keptKeys } from '../shared/kept.ts'
import { languageChanged, switchLanguage } from '../shared/language-switch.ts'
import { quietly, statusOf } from '../shared/quiet-refusals.ts'
import type { Language } from '../shared/texts.ts'
import { createChecking } from './checking.ts'
import { saveBlob, saveText } from './element.ts'
import { createForm } from './form.ts'
import type { Task } from './outcome.ts'
import { createView, noteOf, type State } from './view.ts'

const couponId = decodeURIComponent(/\/events\/([^/]+)\/proof$/.exec(location.pathname)?.[1] ?? '')

function startPage(main: HTMLElement): void {
  const token = stored(keptKeys.token)
  let state: State = { kind: 'said', word: 'idle' }
  const checking = createChecking({
    progress: (taken, size) => show({ kind: 'running', taken, size }),
    done({ outcome, file }) {
      show({ kind: 'done', outcome })
      if (file !== null) saveBlob(`${couponId}-sale.txt`, file)
    },
  })
  const form = createForm({
    check: () => begin('check'),
    compare: () => begin('compare'),
    stop() {
      checking.stop()
      show({ kind: 'said', word: 'stopped' })
    },
    fetchReceipt: token === null ? undefined : () => void takeReceipt(token),
  })
  const view = createView(main, {
    form,
    saveCheckpoint: () => saveText(`${couponId}-checkpoint.txt`, noteOf(state) ?? ''),
    saveSale: () => begin('save'),
    saveReceipt: () => saveText(`${couponId}-receipt.json`, form.receipt()),
  })

  function begin(task: Task): void {
    const given = { receipt: form.receipt(), key: form.key(), saved: form.saved() }
    checking.start({ task, couponId, ...given })
    show({ kind: 'running', taken: 0, size: 0 })
  }

  async function takeReceipt(bearer: string): Promise<void> {
    const receipt = await receiptOf(bearer)
    if (typeof receipt === 'string') {
      form.setReceipt(receipt)
      view.offerReceipt()
    } else if (state.kind !== 'running') {
      show({ kind: 'said', word: 'noReceiptYet', status: String(receipt.status || '–') })
    }
  }

  function show(next: State): void {
    state = next
    view.show(state, document.documentElement.lang as Language)
  }
  document.addEventListener(languageChanged, () => show(state))
  show(state)
}

/** `status` 0: nobody answered. */
async function receiptOf(token: string): Promise<string | { status: number }> {
  const path = `/coupons/${encodeURIComponent(couponId)}/claims/mine/receipt`
  try {
    const headers = { authorization: `Bearer ${token}`, prefer: quietly }
    const response = await fetch(path, { headers })
    const status = statusOf(response)
    return status === 200 ? await response.text() : { status }
  } catch {
    return { status: 0 }
  }
}

switchLanguage()
startPage(document.querySelector('main') ?? document.body)
