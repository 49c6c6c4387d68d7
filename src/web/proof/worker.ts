// The thread in which a sale is checked, so that the page answers meanwhile.

import { checkSale } from './check.ts'
import { compareSaved } from './compare.ts'
import type { Asked, Done, Report } from './outcome.ts'

addEventListener('message', ({ data }: MessageEvent<Asked>) => {
  const tell = (report: Report) => postMessage(report)
  const onProgress = (taken: number, size: number) => tell({ kind: 'progress', taken, size })
  const done = data.task === 'compare' ? compareSaved(data) : checkSale(data, onProgress)
  void done
    .catch((): Done => ({ outcome: { kind: 'failed', word: 'broken', status: '' }, file: null }))
    .then((found) => tell({ kind: 'done', ...found }))
})
