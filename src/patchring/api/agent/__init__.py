"""What devices talk to: `/agent/v1`, plain routes without a framework's overhead."""

from patchring.api.agent.routes import AgentDoor, agent_routes

__all__ = ["AgentDoor", "agent_routes"]
