import { Router } from 'express'
import { describeCart, isSku, users } from './catalog.ts'

/**
 * Every route that changes the session. The pages show this code next to the buttons that call it,
 * so route-source.ts reads this file.
 */
export const shop = Router()

shop.post('/cart/add', (req, res) => {
  if (isSku(req.body.sku)) req.session.push('cart', req.body.sku)
  res.redirect('/')
})

shop.post('/cart/remove', (req, res) => {
  req.session.update('cart', (cart = []) => cart.filter((sku) => sku !== req.body.sku))
  res.redirect('/')
})

shop.post('/cart/clear', (req, res) => {
  const removed = describeCart(req.session.pop('cart'))
  req.session.flash('notice', `Removed: ${removed}.`)
  res.redirect('/')
})

shop.post('/checkout', async (req, res) => {
  const ordered = describeCart(await req.session.claim('cart')) // two clicks, one order
  req.session.flash('notice', `Ordered: ${ordered}.`)
  res.redirect('/')
})

shop.post('/login', (req, res) => {
  if (Object.hasOwn(users, req.body.user)) req.session.login(req.body.user)
  res.redirect('/')
})

shop.post('/forget-me', (req, res) => {
  req.session.delete('userId')
  res.redirect('/')
})

shop.post('/logout', (req, res) => {
  req.session.logout()
  res.redirect('/')
})

shop.post('/preferences', (req, res) => {
  req.session.set('darkMode', req.body.mode === 'dark')
  res.redirect('/')
})

shop.post('/preferences/reset', (req, res) => {
  req.session.delete('darkMode')
  res.redirect('/')
})

shop.post('/clear', (req, res) => {
  req.session.clear()
  res.redirect('/')
})

shop.post('/flush', (req, res) => {
  req.session.flush()
  res.redirect('/')
})
