// The events of wins as a rehearsal reads them: from the log itself, because a service that
// publishes nothing may well say that it does.

import type { RowSeen } from '../service.ts'

export type WinEvents = {
  /**
   * All of a coupon that came since the rehearsal began, repeated ones too; null where this log
   * has no claim of it, so that it is the log of another service.
   */
  of(couponId: string): Promise<RowSeen[] | null>
}
