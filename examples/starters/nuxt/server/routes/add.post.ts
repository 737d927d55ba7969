export default defineEventHandler(async (event) => {
  const session = await getUserSession(event)
  session.push('cart', 'bread')
  session.flash('notice', 'Added.')
  return sendRedirect(event, '/', 303)
})
