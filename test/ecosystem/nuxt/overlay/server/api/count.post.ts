export default defineEventHandler(async (event) => (await getUserSession(event)).increment('visits'))
