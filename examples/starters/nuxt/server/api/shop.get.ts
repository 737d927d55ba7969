export default defineEventHandler(async (event) => {
  const session = await getUserSession(event)
  return { notices: session.flashed<string>('notice'), cart: session.get('cart', []) }
})
