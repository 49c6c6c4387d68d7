// Whoever asks waits longer than whoever is asked.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { serverLimits } from '../../api/http/server-limits.ts'
import { commandsAtOnceMax, lettersPerCallMax } from '../../api/orders/many-letters.ts'
import { orderLimits } from '../../api/orders/order-limits.ts'
import { callMsMax } from './service-command.ts'

/** For the way there and back, and a busy machine. */
const reserveMs = 5_000

test('A command waits for an answer for longer than the service may take for it.', () => {
  const redriveMs = (lettersPerCallMax / commandsAtOnceMax) * orderLimits.answerWaitMsMax
  const longest = Math.max(serverLimits.storeWaitMsMax, redriveMs, orderLimits.answerWaitMsMax)
  assert.ok(callMsMax >= longest + reserveMs)
})
