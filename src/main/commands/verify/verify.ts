// `firstcome verify`: holds a whole sale against its signed checkpoint and a receipt, from public
// data alone. Ends with 1 on anything that is wrong, and says what; needs no trust in the service.

import { createHash, type Hash } from 'node:crypto'
import { closeSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { systemClock } from '../../../adapters/clock-system.ts'
import { type Progress, startProgress } from '../../../client/progress.ts'
import { type Receipt, readReceipt } from '../../../domain/proof/receipt.ts'
import { beginCheck, endCheck, type SaleCheck, takePage } from '../../../domain/proof/sale-check.ts'
import { savedEnd, savedHead } from '../../../domain/proof/saved-sale.ts'
import {
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
} from '../../../domain/proof/signed-note.ts'
import { inWords } from '../../../domain/proof/told.ts'
import { CommandError, type Context, type ExitCode, exitCodes } from '../../context.ts'
import { openSource, readGiven, SaleFault, type SaleSource } from './sale-source.ts'
import { provedText, wrongText } from './verify-text.ts'
import { cosignatureFaults, givenWitnesses, isCosignedByAll } from './witnessed.ts'

export type VerifyOptions = {
  /** A URL or a file. */
  sale: string
  coupon: string
  key?: string
  receipt?: string
  save?: string
  /** Verifier keys of witnesses, or files of them. */
  witness?: readonly string[]
}

export async function runVerify(options: VerifyOptions, context: Context): Promise<ExitCode> {
  const { coupon: couponId } = options
  try {
    const receipt = options.receipt === undefined ? undefined : givenReceipt(options.receipt)
    const trusted = options.key === undefined ? null : givenKeys(options.key)
    const witnesses = givenWitnesses(options.witness ?? [])
    const source = openSource(options.sale, couponId)
    try {
      return await verify({ options, context, source, receipt, trusted, witnesses })
    } finally {
      await source.close()
    }
  } catch (error) {
    if (!(error instanceof SaleFault)) throw error
    context.out(wrongText(couponId, [error.message], 0))
    return exitCodes.failed
  }
}

type Parts = {
  options: VerifyOptions
  context: Context
  source: SaleSource
  receipt: Receipt | undefined
  /** Null: the service's own key is taken. */
  trusted: VerifierKey[] | null
  witnesses: VerifierKey[]
}

async function verify(parts: Parts): Promise<ExitCode> {
  const { options, context, source, receipt, trusted, witnesses } = parts
  const { coupon: couponId, save } = options
  const keys = trusted ?? keysIn(await source.key(), 'what the service gives as its key')
  const checkpoint = await cosigned(source, witnesses)
  const check = beginCheck({ couponId, keys, checkpoint, receipt })
  const { opened } = check
  if (opened !== null) {
    const head = { couponId, key: formatVerifierKey(opened.key), checkpoint }
    const file = save === undefined ? null : startSaving(save, savedHead(head))
    const progress = startProgress(systemClock(), context.err)
    try {
      await takeAll({ check, source, file, progress })
      file?.end()
    } finally {
      progress.end()
      file?.close()
    }
  }
  const faults = [
    ...endCheck(check).map((fault) => inWords(fault)),
    ...cosignatureFaults(checkpoint, witnesses, 'the checkpoint'),
    ...cosignatureFaults(receipt?.checkpoint ?? '', witnesses, 'the receipt: its checkpoint'),
  ]
  if (faults.length > 0 || opened === null) {
    context.out(wrongText(couponId, faults, check.entryFaultsLeftOut))
    return exitCodes.failed
  }
  const { key } = opened
  context.out(provedText({ couponId, check, key, isOwnKey: trusted === null, witnesses }))
  return exitCodes.ok
}

/** Witnesses sign a moment after a checkpoint is new; one that is away is not waited for. */
const cosignedTriesMax = 3
const askAgainMs = 700

async function cosigned(source: SaleSource, witnesses: readonly VerifierKey[]): Promise<string> {
  let checkpoint = await source.checkpoint()
  for (let tries = 1; tries < cosignedTriesMax; tries += 1) {
    if (!source.isLive || isCosignedByAll(checkpoint, witnesses)) break
    await sleep(askAgainMs)
    checkpoint = await source.checkpoint()
  }
  return checkpoint
}

type Taking = {
  check: SaleCheck
  source: SaleSource
  file: SavingFile | null
  progress: Progress
}

async function takeAll({ check, source, file, progress }: Taking): Promise<void> {
  const size = check.opened?.checkpoint.size ?? 0
  for await (const page of source.pages(size)) {
    const fault = takePage(check, page)
    if (fault !== null) throw new SaleFault(fault)
    file?.add(page)
    progress.show('Checking the entries', check.tree.size / size)
  }
}

type SavingFile = { add(text: string): void; end(): void; close(): void }

/** Under another name until it is whole. */
function startSaving(path: string, head: string): SavingFile {
  const hash: Hash = createHash('sha256')
  const unfinished = `${path}.part`
  const file = openFresh(unfinished)
  const interrupted = () => {
    rmSync(unfinished)
    process.exit(exitCodes.interrupted)
  }
  process.once('SIGINT', interrupted)
  let isWhole = false
  const write = (text: string) => {
    const bytes = Buffer.from(text)
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at)
  }
  const add = (text: string) => {
    hash.update(text)
    write(text)
  }
  add(head)
  return {
    add,
    end: () => {
      write(savedEnd(hash.digest('hex')))
      isWhole = true
    },
    close: () => {
      process.off('SIGINT', interrupted)
      closeSync(file)
      if (isWhole) renameSync(unfinished, path)
      else rmSync(unfinished)
    },
  }
}

function openFresh(path: string): number {
  try {
    return openSync(path, 'w')
  } catch (error) {
    const { code = 'unknown' } = error as NodeJS.ErrnoException
    throw new CommandError(exitCodes.wrongUsage, `cannot write ${path}: ${code}`, { cause: error })
  }
}

function givenReceipt(path: string): Receipt {
  const receipt = readReceipt(readGiven(path).toString())
  if (receipt !== null) return receipt
  throw new SaleFault(`${path} is no receipt`)
}

function givenKeys(path: string): VerifierKey[] {
  return keysIn(readGiven(path).toString(), path)
}

/** Several where a key was changed: one a line. */
function keysIn(text: string, where: string): VerifierKey[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '')
  const keys = lines.map((line) => parseVerifierKey(line.trim()))
  const known = keys.filter((key) => key !== null)
  if (known.length > 0 && known.length === keys.length) return known
  throw new SaleFault(`${where} holds no verifier key (<name>+<id>+<base64>)`)
}
