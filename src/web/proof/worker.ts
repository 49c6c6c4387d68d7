// The thread in which a sale is checked, so that the page answers meanwhile.

import { checkSale } from './check.ts'
import type { Asked, Outcome, Report } from './outcome.ts'

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  const tell = (report: Report) => postMessage(report)
  const onProgress = (taken: number, size: number) => tell({ kind: 'progress', taken, size })
  void checkSale(data, onProgress)
    .catch((): Outcome => ({ kind: 'failed', word: 'broken', status: '' }))
    .then((outcome) => tell({ kind: 'done', outcome }))
})
