// The thread that derives the codes of an audit's rows; audit-codes.ts starts it. It is asked
// with rows as JSON, because one long text is handed over faster than many small ones.

import { parentPort, workerData } from 'node:worker_threads'
import { answerCalls } from '../../adapters/thread-call.ts'
import { rulesOfCode } from '../../domain/coupons/code-text.ts'
import { codeDeriver } from '../../domain/coupons/codes.ts'

export type CodeRow = [couponId: string, slot: number, claimId: string, code: string]

const codeOf = codeDeriver(workerData as string)

if (parentPort !== null) answerCalls(parentPort, wrongOf, 'store_broken')

/** The places of the rows whose code is wrong. */
function wrongOf(question: string): number[] {
  return (JSON.parse(question) as CodeRow[]).flatMap(([couponId, slot, claimId, code], index) => {
    const rules = rulesOfCode(code)
    return codeOf({ couponId, slot, claimId, rules }) === code ? [] : [index]
  })
}
