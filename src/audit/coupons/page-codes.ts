// Whether the codes of rows are those that were derived for them, page by page. The codes of one
// page are derived, perhaps in another thread, while the next is read and compared.

import type { IssuedRow } from '../../ports/coupons.ts'

export type PageCodes = {
  /** Waits for the page before. */
  check(rows: readonly IssuedRow[]): Promise<void>
  /** Resolves when the last page is checked. */
  end(): Promise<void>
}

export function createPageCodes(
  wrongCodes: (rows: readonly IssuedRow[]) => Promise<IssuedRow[]>,
  onWrong: (row: IssuedRow) => void,
): PageCodes {
  let ofPage: Promise<void> = Promise.resolve()
  return {
    async check(rows) {
      await ofPage
      ofPage = wrongCodes(rows).then((wrong) => {
        for (const row of wrong) onWrong(row)
      })
      // Where the next page cannot be read, nobody waits for this one's codes any more.
      ofPage.catch(() => {})
    },
    end: () => ofPage,
  }
}
