// The commands, their options and their help: what a person can type, and nothing of what it does.
// Each command's code is loaded only when it runs, so that a small command starts fast.

import { Command, Option } from 'commander'
import type { Wire } from '../context.ts'
import { addCouponCommands } from './coupon-commands.ts'
import { addDeadLetterCommands } from './dead-letter-commands.ts'
import { parseDuration } from './option-values.ts'
import { addProofCommands } from './proof-commands.ts'
import { addRoleCommands } from './role-commands.ts'
import { withListenOptions } from './shared-options.ts'

export type ProgramParts = {
  version: string
  wire: Wire
  /** Milliseconds UTC; relative times on the command line count from it. */
  now: () => number
}

export function buildProgram({ version, wire, now }: ProgramParts): Command {
  const program = new Command('firstcome')
    .description('First-come-first-served coupons, decided by a log and proved fair.')
    .version(version)
    .option('--data <dir>', 'the data directory (FIRSTCOME_DATA; ./data where neither is given)')
    .option('--verbose', 'show where an unexpected error comes from')
    .configureOutput({
      outputError: (text, write) => write(text.replace(/^error: /, 'firstcome: ')),
    })
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .showHelpAfterError('Add --help to see what it takes.')
    .addHelpText('after', programHelp)
  addStart(program, wire)
  addRoleCommands(program, wire)
  addToken(program, wire)
  addCouponCommands(program, { wire, now })
  addDeadLetterCommands(program, wire)
  addProofCommands(program, wire)
  return program
}

const programHelp = `
Examples:
  $ npx firstcome start                                  run the service
  $ npx firstcome token --user kim                       a token to claim with
  $ npx firstcome coupon create --name "First sale" --quantity 100
  $ npx firstcome rehearse                               storm a coupon and see it hold
  $ npx firstcome audit                                  prove that it was fair
  $ npx firstcome migrate && npx firstcome api           one node of several, on Kafka

Exit codes:
  0  done
  1  a promise or a check failed, or the service refused
  2  wrong usage or settings
  3  the service cannot be reached, or cannot answer now

Settings come from the environment (FIRSTCOME_PORT, FIRSTCOME_DATA, …); flags override them.`

function addStart(program: Command, wire: Wire): void {
  const start = program
    .command('start')
    .description('Run the service: everything in one process, its data in one directory.')
    .addHelpText('after', startHelp)
  wire(withListenOptions(start), async () => (await import('../commands/start.ts')).runStart)
}

const startHelp = `
Examples:
  $ npx firstcome start
  $ npx firstcome start --port 0 --data /srv/firstcome
  $ FIRSTCOME_HOST=0.0.0.0 npx firstcome start

Settings (environment):
  FIRSTCOME_PORT, FIRSTCOME_HOST    where to listen (8080, 127.0.0.1)
  FIRSTCOME_DATA                    the data directory (./data); one process owns it at a time
  FIRSTCOME_JWT_SECRET              signs tokens, 32 bytes or more (made on the first start)
  FIRSTCOME_CODE_SECRET             coupon codes come from it; it may never change
  FIRSTCOME_USER_RATE_MAX           requests per second of one user (20; 0: no limit)
  FIRSTCOME_ADDRESS_RATE_MAX        requests per second of one address (0: no limit)
  FIRSTCOME_ORDER_TIME_LIMIT_SECONDS  until an order that has not ended is cancelled (30)
  FIRSTCOME_LOG_LEVEL               trace, debug, info, warn, error, fatal or silent (info)

Ctrl-C or SIGTERM stops it: what was accepted is answered first. It ends with 2 when its settings
are wrong or another process has its data directory, and with 1 when it cannot go on.`

function addToken(program: Command, wire: Wire): void {
  const token = program
    .command('token')
    .description('Make a token for a user or an operator, and print it.')
    .addOption(new Option('--user <name>', 'a user who claims').conflicts('operator'))
    .option('--operator [name]', 'an operator who runs coupons ("operator" without a name)')
    .addOption(
      new Option('--ttl <duration>', 'how long it is valid: 90s, 10m, 24h, 7d')
        .argParser(parseDuration)
        .default(86_400, '24h'),
    )
    .option('--json', 'print JSON: token, sub, operator, expiresAt')
    .addHelpText('after', tokenHelp)
  wire(token, async () => (await import('../commands/token.ts')).runToken)
}

const tokenHelp = `
Examples:
  $ npx firstcome token --user kim
  $ npx firstcome token --operator lee --ttl 1h
  $ curl -X POST -H "Authorization: Bearer $(npx firstcome token --user kim)" \\
      http://127.0.0.1:8080/coupons/first-sale/claims

It is signed with FIRSTCOME_JWT_SECRET, or with the secret that the first start left in the data
directory. Anyone who has it may act as that user until it ends.`
