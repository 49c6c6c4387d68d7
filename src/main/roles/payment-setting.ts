// All processes that take payments have to ask the same provider: else an order is captured by one
// and undone by another, which knows nothing of it. Each start compares its own with the one that
// is remembered, and may change that only while nobody else takes payments.

import type { Queryable } from '../../adapters/database/database.ts'
import {
  paymentProvider,
  readFingerprint,
  replaceFingerprint,
  settleFingerprint,
} from '../../adapters/stores/fingerprints.ts'
import { paymentFingerprint } from '../../domain/fingerprint.ts'
import { CommandError, exitCodes } from '../context.ts'

export type PaymentSettingParts = {
  database: Queryable
  /** Undefined: the built-in wallets. */
  url: string | undefined
  /** How many take payments now. */
  members(): Promise<number>
}

/**
 * Rejects with a CommandError where others take payments elsewhere. What it resolves to is to be
 * called once this process takes payments itself: two may have started at one moment.
 */
export async function settlePaymentSetting(
  parts: PaymentSettingParts,
): Promise<() => Promise<void>> {
  const { database, url, members } = parts
  const own = paymentFingerprint(url ?? null)
  const remembered = await settleFingerprint(database, paymentProvider, own)
  if (remembered !== own) {
    if ((await members()) > 0) throw otherSetting(url, remembered)
    await replaceFingerprint(database, paymentProvider, own)
  }
  return async () => {
    const now = await readFingerprint(database, paymentProvider)
    if (now !== own) throw otherSetting(url, now)
  }
}

function otherSetting(url: string | undefined, theirs: string | null): CommandError {
  const isTheirsWallet = theirs === paymentFingerprint(null)
  const others = isTheirsWallet ? 'the built-in wallets' : 'a service at another URL'
  const own = url === undefined ? 'the built-in wallets' : 'the service of FIRSTCOME_PAYMENT_URL'
  const next = 'give all of them the same FIRSTCOME_PAYMENT_URL, or stop the others first'
  const found = `other "firstcome orders" take payments by ${others}, this one by ${own}`
  return new CommandError(exitCodes.failed, `${found}: ${next}`)
}
