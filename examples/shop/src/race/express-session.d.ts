import type { Router } from 'express'

export declare function expressSessionRace(): Router
