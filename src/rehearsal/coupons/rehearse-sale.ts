// A rehearsal of a sale: storms one coupon of a running service as its clients would, then asks
// the service what it remembers and holds it against what they asked for and were answered.

import { type RehearsalParts, runRehearsal } from '../rehearsal.ts'
import {
  connectionsOf,
  holdSale,
  newSaleLedger,
  openSale,
  type SalePlan,
  type SaleRehearsal,
  type SaleReport,
} from './sale.ts'
import { readSale, toldSale } from './sale-reading.ts'

/** Throws a RehearsalError where the service does not answer, or lets nobody rehearse. */
export function rehearseSale(parts: RehearsalParts, plan: SalePlan): Promise<SaleRehearsal> {
  const ledger = newSaleLedger()
  return runRehearsal<SaleReport>(
    parts,
    { ...plan, connections: connectionsOf(plan) },
    {
      async play(run) {
        const open = await openSale(run, plan, ledger)
        return readSale(run, await holdSale(run, open, ledger), { spent: false })
      },
      told: (run) => toldSale(run, ledger),
    },
  )
}
