// A load of claims as data, and the process that it runs in. Unlike the embedded benchmark's it
// can ask several API nodes, let each user ask several times, keep a ledger of what each was told,
// and watch for the rows of some of them.

import { fileURLToPath } from 'node:url'
import type { LoadResult } from '../../load/raw-client.ts'
import { run } from '../child-process.ts'
import type { Answer } from './ledger.ts'
import type { RowLag, RowSampling } from './row-sampler.ts'

export type ClaimLoad = {
  /** Of the API nodes: a user's asks go to one after the other. */
  ports: readonly number[]
  path: string
  secret: string
  /** `<prefix>0`, `<prefix>1`, … in turn. */
  users: { prefix: string; count: number }
  /** By each user, one right after the other. */
  asks?: number
  /** Begins again with the first user when all have asked. */
  cycles?: boolean
  /** To each API node. */
  connections: number
  durationMs?: number
  warmUpMs?: number
  /** To each API node. */
  ratePerSecond?: number
  ledger?: boolean
  sampling?: RowSampling
}
export type ClaimLoadResult = {
  /** One for each API node. */
  loads: LoadResult[]
  /** Empty without a ledger. */
  answers: Answer[]
  rowLag: RowLag | null
}

const loadMain = fileURLToPath(import.meta.resolve('./claim-load-main.ts'))

export async function runClaimLoad(load: ClaimLoad): Promise<ClaimLoadResult> {
  const { output } = await run({ args: [loadMain], cores: undefined, input: JSON.stringify(load) })
  return JSON.parse(output) as ClaimLoadResult
}

/** Of a load on one node; throws where something else was answered than was expected. */
export function expectAll({ loads }: ClaimLoadResult, status: number): LoadResult {
  const [load] = loads
  if (load === undefined) throw new Error('no load')
  const { answers, lost, byStatus } = load
  if (lost === 0 && answers > 0 && byStatus[status] === answers) return load
  const told = `${JSON.stringify(byStatus)}, ${lost} lost`
  throw new Error(`everybody was to be told ${status}: ${told}`)
}
