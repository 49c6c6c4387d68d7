// All mutants, by the part whose policy they change. Whoever changes policy adds one.

import { couponMutants } from './coupons.ts'
import type { Mutant } from './mutant.ts'
import { orderMutants } from './orders.ts'

export const mutants: readonly Mutant[] = [...couponMutants, ...orderMutants]
