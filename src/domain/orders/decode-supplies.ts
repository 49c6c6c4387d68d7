// The records of the products topic and of the wallets topic, from bytes. Each carries the id of
// its command, so that a record which is stored twice gives nothing twice.

import { userIdPattern } from '../coupons/messages.ts'
import {
  type Decoded,
  decodeWith,
  isCount,
  isIdentifier,
  isLike,
  isText,
  isWhole,
  type Readers,
  type Wire,
} from '../wire.ts'
import {
  type ProductCreated,
  type ProductMessage,
  priceMax,
  productIdPattern,
  productNameCharactersMax,
  type StockAdded,
  stockMax,
  topUpAmountMax,
  type WalletMessage,
} from './messages.ts'

export function decodeProductMessage(value: Buffer): Decoded<ProductMessage> {
  return decodeWith(value, productReaders)
}

export function decodeWalletMessage(value: Buffer): Decoded<WalletMessage> {
  return decodeWith(value, walletReaders)
}

const productIdShape = new RegExp(productIdPattern)
const userIdShape = new RegExp(userIdPattern)

const productReaders: Readers<ProductMessage> = new Map<
  string,
  (wire: Wire) => ProductMessage | null
>([
  ['product.created', readCreated],
  ['stock.added', readAdded],
])

const walletReaders: Readers<WalletMessage> = new Map([['wallet.topped_up', readToppedUp]])

function readCreated(wire: Wire): ProductCreated | null {
  const { productId, name, price, stock } = wire
  const command = readCommand(wire)
  if (command === null || !isLike(productId, productIdShape)) return null
  if (!isText(name) || Array.from(name).length > productNameCharactersMax) return null
  if (!isWhole(price, priceMax) || !isWhole(stock, stockMax)) return null
  return { type: 'product.created', productId, name, price, stock, ...command }
}

function readAdded(wire: Wire): StockAdded | null {
  const { productId, add } = wire
  const command = readCommand(wire)
  if (command === null || !isLike(productId, productIdShape) || !isCount(add, stockMax)) return null
  return { type: 'stock.added', productId, add, ...command }
}

function readToppedUp(wire: Wire): WalletMessage | null {
  const { userId, amount } = wire
  const command = readCommand(wire)
  if (command === null || !isLike(userId, userIdShape)) return null
  if (!isCount(amount, topUpAmountMax)) return null
  return { type: 'wallet.topped_up', userId, amount, ...command }
}

function readCommand(wire: Wire): { by: string; commandId: string } | null {
  const { by, commandId } = wire
  return isIdentifier(by) && isIdentifier(commandId) ? { by, commandId } : null
}
