// The whole sale as one file, which `firstcome verify` and the small verifier read without the
// service. Its pages go to the browser as they come, so that they do not stay in this thread.

import { type SavedSale, savedEnd, savedHead } from '../../domain/proof/saved-sale.ts'
import { Buffer } from './node/buffer.ts'
import { sha256 } from './node/sha256.ts'

export type SaleFile = { add(page: string): void; end(): Promise<Blob> }

export function saleFile(head: Omit<SavedSale, 'entries'>): SaleFile {
  const parts = [new Blob([savedHead(head)])]
  return {
    add: (page) => void parts.push(new Blob([page])),
    async end() {
      const bytes = await new Blob(parts).arrayBuffer()
      const digest = Buffer.from(sha256(new Uint8Array(bytes))).toString('hex')
      return new Blob([...parts, savedEnd(digest)])
    },
  }
}
