// A store of snapshots in memory, for tests: it keeps what was added as a whole or not at all, and
// lets others run between two blocks. Now and then it fails halfway, where it is told to.

import type { SnapshotStore } from '../../src/ports/snapshots.ts'

export type KeptSnapshots = SnapshotStore & {
  /** What a process that starts now would find. */
  copy(): KeptSnapshots
}
export type KeptOptions = {
  /** How often others may run between two blocks; absent: once. */
  pause?: number
  /** Every so manieth time it fails; absent: never. */
  failsEvery?: number
}

export function keptSnapshots(
  { pause = 1, failsEvery }: KeptOptions = {},
  kept: readonly Buffer[][] = [],
): KeptSnapshots {
  let parts = [...kept]
  let times = 0
  return {
    async *blocks() {
      for (const part of parts) for (const block of part) yield [Buffer.from(block)]
    },
    count: () => parts.length,
    turn: async () => (parts.length === 0 ? 'anew' : 'behind'),
    async add(blocks, { anew }) {
      const part: Buffer[] = []
      times += 1
      const fails = failsEvery !== undefined && times % failsEvery === 0
      for (const block of blocks) {
        part.push(Buffer.from(block))
        for (let n = 0; n < pause; n++) await Promise.resolve()
        if (fails && part.length > 1) throw new Error('no room')
      }
      parts = anew ? [part] : [...parts, part]
    },
    copy: () => keptSnapshots({}, parts),
  }
}
