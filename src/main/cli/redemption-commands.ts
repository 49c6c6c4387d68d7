// The commands of a till: a coupon is spent by its code, and how that stands. What they do is in
// commands/redemptions.ts.

import { Argument } from 'commander'
import type { RedemptionWord } from '../commands/redemptions.ts'
import { type DeclaredCommand, option, timedCallOptions } from './declared-command.ts'
import { parseAmount, parseKey } from './option-values.ts'

const load = () => import('../commands/redemptions.ts')
const redemptionId = new Argument('<id>', 'as `redeem` printed it')

export const redeem: DeclaredCommand = {
  summary: 'Spend a coupon by its code: reserve it for a cart, or use it at once.',
  examples: [
    'redeem EZFF-CRJQ-22GW-6 --preview --subtotal 30000',
    'redeem EZFF-CRJQ-22GW-6 --reference cart-7 --subtotal 30000',
    'redeem "ezff crjq 22gw 6" --reference cart-7 --subtotal 30000 --use',
  ],
  notes: `
What it takes off is for the coupon to say. A reserved one is used or let go of with
\`redemption use\` and \`redemption release\`; else it is free again after a while.`,
  takes: [
    new Argument('<code>', 'in any case, with or without hyphens'),
    option('--subtotal <amount>', 'of the cart, in whole minor units', parseAmount),
    option('--reference <text>', 'your own name for the cart'),
    option('--use', 'use it at once'),
    option('--key <text>', 'asking again with the same key redeems once', parseKey),
    option('--preview', 'say what the code is worth, and take nothing'),
    ...timedCallOptions,
  ],
  load: async () => (await load()).runRedeem,
}

export const redemption: DeclaredCommand = {
  summary: 'Show a redemption, or say that its cart is paid or given up.',
  examples: ['redemption show ID', 'redemption use ID'],
  below: {
    show: {
      summary: 'Show a redemption as it stands.',
      examples: ['redemption show ID', 'redemption show ID --json'],
      takes: [redemptionId, ...timedCallOptions],
      load: async () => (await load()).runRedemptionShow,
    },
    use: saying('use', 'The cart is paid: use the coupon.'),
    release: saying('release', 'Let go of the coupon, also after it was used.'),
  },
}

function saying(word: RedemptionWord, summary: string): DeclaredCommand {
  const reason = option('--reason <text>', 'why, for the log')
  return {
    summary,
    examples: [`redemption ${word} ID`],
    takes: [redemptionId, ...(word === 'release' ? [reason] : []), ...timedCallOptions],
    load: async () => (await load()).runRedemptionWord(word),
  }
}
