// What a change of the key says: both verifier keys, and from which size on the new one signs.

import { type KnownIdentity, verifierKeysOf } from '../../../domain/proof/identity.ts'
import { formatVerifierKey } from '../../../domain/proof/signed-note.ts'

/** `sizes`: up to where each coupon was published before. */
export type Rotated = { known: KnownIdentity; sizes: readonly { couponId: string; size: number }[] }

const couponsToldMax = 20

export function rotatedJson({ known, sizes }: Rotated) {
  const [key = '', ...oldKeys] = verifierKeysOf(known).map((one) => formatVerifierKey(one))
  const old = oldKeys.map((text, n) => ({ key: text, until: known.oldKeys[n]?.until }))
  return {
    key,
    oldKeys: old,
    coupons: sizes.map(({ couponId, size: from }) => ({ couponId, from })),
  }
}

export function rotatedText({ known, sizes }: Rotated): string {
  const [key = '', old = ''] = verifierKeysOf(known).map((one) => formatVerifierKey(one))
  const told = sizes.slice(0, couponsToldMax)
  const width = Math.max(...told.map(({ couponId }) => couponId.length))
  const more = sizes.length - told.length
  const lines = [
    'Another key signs from the next start on:',
    `  ${key}`,
    `The old one is kept; what it has signed until ${known.oldKeys[0]?.until} holds:`,
    `  ${old}`,
    ...(sizes.length === 0
      ? ['Nothing was published yet.']
      : ['The new one signs each coupon from the size on that was published:']),
    ...told.map(({ couponId, size }) => `  ${couponId.padEnd(width)}  ${size}`),
    ...(more > 0 ? [`  and ${more} more (--json names all)`] : []),
    'Publish both lines where people find your key (GET /proof/keys answers them), and give the',
    'new one to witnesses, beside the old one.',
  ]
  return `${lines.join('\n')}\n`
}
