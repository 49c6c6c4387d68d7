// Where an audit keeps what the next one goes on from, and of what program and secret it is.

import { join } from 'node:path'
import { openAuditedFile } from '../../../adapters/snapshots/audited-file.ts'
import type { SinceParts } from '../../../audit/coupons/since/since.ts'
import type { Settings } from '../../../config/settings.ts'
import { codeSecretFingerprint } from '../../../domain/fingerprint.ts'
import { formatInstant } from '../../../domain/time.ts'
import { packageVersion } from '../../package-version.ts'

export function auditedFile({ dataDirectory }: Settings, given: string | true): string {
  return given === true ? join(dataDirectory, 'audited', 'claims') : given
}

export function sinceParts(path: string, codeSecret: string): SinceParts {
  return {
    store: openAuditedFile(path),
    release: packageVersion(),
    secret: codeSecretFingerprint(codeSecret),
    madeAt: formatInstant(Date.now()),
  }
}
