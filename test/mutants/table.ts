// All mutants, by the part whose policy they change. Whoever changes policy adds one.

import { auditMutants } from './audit.ts'
import { auditGroupMutants } from './audit-groups.ts'
import { claimMutants } from './claims.ts'
import { consumerMutants } from './consumers.ts'
import { couponMutants } from './coupons.ts'
import { issuerMutants } from './issuer.ts'
import type { Mutant } from './mutant.ts'
import { orderMutants } from './orders.ts'
import { proofMutants } from './proof.ts'
import { rehearsalMutants } from './rehearsal.ts'
import { restoreMutants } from './restore.ts'
import { roleMutants } from './roles.ts'
import { statementMutants } from './statements.ts'
import { tokenMutants } from './tokens.ts'

export const mutants: readonly Mutant[] = [
  ...tokenMutants,
  ...couponMutants,
  ...claimMutants,
  ...issuerMutants,
  ...orderMutants,
  ...consumerMutants,
  ...restoreMutants,
  ...auditMutants,
  ...auditGroupMutants,
  ...rehearsalMutants,
  ...proofMutants,
  ...roleMutants,
  ...statementMutants,
]
