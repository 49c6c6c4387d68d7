// The thread that derives the codes of an audit's rows; audit-codes.ts starts it. One question at
// a time: rows as JSON, because one long text is handed over faster than many small ones.

import { parentPort, workerData } from 'node:worker_threads'
import { codeDeriver } from '../../domain/coupons/codes.ts'

export type CodeRow = [couponId: string, slot: number, claimId: string, code: string]

const codeOf = codeDeriver(workerData as string)

parentPort?.on('message', (question: string) => {
  const wrong: number[] = []
  for (const [index, row] of (JSON.parse(question) as CodeRow[]).entries()) {
    const [couponId, slot, claimId, code] = row
    if (codeOf({ couponId, slot, claimId }) !== code) wrong.push(index)
  }
  parentPort?.postMessage(wrong)
})
