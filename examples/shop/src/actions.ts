import { Router } from 'express'
import { inWords, isSku, users } from './catalog.ts'

/** Everything a visitor can do. The page shows these routes beside their buttons, read from this file (source.ts). */
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
  const held = inWords(req.session.pop('cart'))
  req.session.flash('notice', `Taken out: ${held}.`)
  res.redirect('/')
})

shop.post('/checkout', async (req, res) => {
  const ordered = inWords(await req.session.claim('cart')) // two clicks, one order
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
