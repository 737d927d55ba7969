export default defineEventHandler(async (event) => {
  const session = await getUserSession(event)
  session.delete('cart')
  return sendRedirect(event, '/', 303)
})
