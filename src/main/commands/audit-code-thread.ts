// A thread that derives codes for an audit; audit-codes.ts starts it.

import { parentPort, workerData } from 'node:worker_threads'
import { answerCalls } from '../../adapters/thread-call.ts'
import { codesDeriver } from '../../domain/coupons/codes.ts'

export type CodesQuestion = [couponId: string, rules: number, firstSlot: number, claims: string][]

const derive = codesDeriver(workerData as string)

if (parentPort !== null) answerCalls(parentPort, codesOf, 'store_broken')

/** Claim ids come as one text, which is handed over faster than many small ones. */
function codesOf(question: CodesQuestion): string[] {
  return question.map(([couponId, rules, firstSlot, claims]) => {
    return derive({ couponId, rules, firstSlot, claimIds: claims.split('\0') })
  })
}
